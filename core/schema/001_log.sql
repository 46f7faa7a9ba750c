-- The log: the truth. Rows are only ever added. `body` is the record as JSON, `hash` chains it to the one before it in
-- its stream. (stream, version) is the lock of one writer, `source` the inbox that makes every act happen once.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT UNIQUE,
    at TEXT NOT NULL,
    heard_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;

-- What must be found without reading every stream: who stands in which channel, what is still awake.
CREATE INDEX events_channel ON events (json_extract(body, '$.event.channel.transport'), json_extract(body, '$.event.channel.id'))
    WHERE kind = 'channel_opened';
CREATE INDEX events_declared ON events (json_extract(body, '$.event.number'), stream) WHERE kind = 'declared';
CREATE INDEX events_named ON events (json_extract(body, '$.event.name')) WHERE kind = 'declared' AND stream = 'house';
CREATE INDEX events_alarm ON events (json_extract(body, '$.event.message.id')) WHERE kind = 'declared' AND stream = 'house';
CREATE INDEX events_life ON events (stream, version, kind)
    WHERE kind IN ('declared', 'channel_locked', 'closed', 'reopened');
CREATE INDEX events_made_on ON events (json_extract(body, '$.origin.message.id')) WHERE source IS NOT NULL;
