"""What is installed: from entry points to plugins, their hooks checked, and their names told apart."""
