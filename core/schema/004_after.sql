-- What must be found without reading every stream: who owes a postmortem, and what the last debrief chose.
CREATE INDEX events_owed ON events (stream, version, kind)
    WHERE kind IN ('postmortem_assigned', 'postmortem_published', 'postmortem_waived', 'reopened');
CREATE INDEX events_debriefed ON events (position) WHERE kind IN ('debriefed', 'digest_posted');
