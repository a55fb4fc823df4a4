"""The use cases that commands and announcements share."""
