-- What the public may know of each incident, so that the status page need not read every stream at each start: all of it
-- can be deleted and is found again from the log. `view` is empty where the public knows nothing.
CREATE TABLE public (stream TEXT PRIMARY KEY, version INTEGER NOT NULL, view TEXT NOT NULL) STRICT;
