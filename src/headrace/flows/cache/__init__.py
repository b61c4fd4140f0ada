"""What can be done with cached outputs from outside, and when they still hold."""
