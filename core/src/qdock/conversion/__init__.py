"""What a program is: its text, bounded, and its format, told without importing anything."""
