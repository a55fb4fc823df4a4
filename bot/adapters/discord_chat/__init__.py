"""Discord: slash commands, buttons, dialogs and announcements. The only place that knows discord.py."""
