-- What must be found without reading every stream: who left something open, and what the last debrief chose.
CREATE INDEX events_left ON events (stream, version, kind)
    WHERE kind IN ('follow_up_added', 'follow_up_ended', 'postmortem_assigned', 'postmortem_published', 'postmortem_waived',
                   'reopened');
CREATE INDEX events_newest ON events (kind, position) WHERE kind IN ('debriefed', 'digest_posted');
