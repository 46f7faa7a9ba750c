-- What the chats show, and how far answers went: all of it can be deleted and is found again from the chats' own marks.
CREATE TABLE shown (
    stream TEXT NOT NULL,
    card TEXT NOT NULL,
    transport TEXT NOT NULL,
    channel TEXT NOT NULL,
    generation INTEGER NOT NULL,
    message TEXT,
    hash TEXT NOT NULL,
    pinned INTEGER NOT NULL,
    seeds TEXT NOT NULL,
    PRIMARY KEY (stream, card, transport, channel)
) STRICT;
CREATE INDEX shown_message ON shown (transport, channel, message);
CREATE TABLE answered (stream TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
CREATE TABLE notebook (owner TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, key)) STRICT;
