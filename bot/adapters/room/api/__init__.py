"""What programs ask the room for, below `/api/v1`, and the file that describes all of it."""
