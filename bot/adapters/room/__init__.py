"""The local room: a chat platform of our own, served to browsers on this machine."""

NAME = "room"
