"""What circuits can learn, and how well they are learned: measures and their exact values."""
