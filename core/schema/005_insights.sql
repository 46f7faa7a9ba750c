-- The figures of each incident, written once per close, so that the insights need not read every stream: all of it can be
-- deleted and is found again from the log. `form` is that of the code that wrote a row; a row of another form is made again.
CREATE TABLE figures (
    stream TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    form INTEGER NOT NULL,
    view TEXT NOT NULL
) STRICT;
ALTER TABLE public ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
