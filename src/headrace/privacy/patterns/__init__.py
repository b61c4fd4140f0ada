"""What is looked for, a file for each family of shapes."""
