"""Who is on call: rotations of the config and calendars, as stretches of time."""
