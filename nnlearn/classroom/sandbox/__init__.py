"""Strangers' code behind a wall: `host` starts the sandbox, `worker` runs inside, data passes by `wire`."""
