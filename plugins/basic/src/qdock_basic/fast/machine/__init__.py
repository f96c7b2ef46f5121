"""What the machine gives: compiled functions, pointers, vector instructions, aligned memory and threads."""
