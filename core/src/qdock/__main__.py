"""``python -m qdock`` is the ``qdock`` command."""

from qdock.cli import main

if __name__ == "__main__":
    main()
