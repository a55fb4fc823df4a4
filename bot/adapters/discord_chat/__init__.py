"""Discord as a chat platform. The only folder that imports `discord`."""

NAME = "discord"
