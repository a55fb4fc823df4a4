"""What any chat is: what comes in, what goes out, who may do what, how much at once."""
