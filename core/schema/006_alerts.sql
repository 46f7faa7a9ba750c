-- Alerts: which episodes are open, what was heard of each, which incident a group has; and the house's young records without
-- reading through a storm of them.
CREATE INDEX events_episodes ON events (json_extract(body, '$.event.number'), kind)
    WHERE stream = 'house' AND kind IN ('alerts_begun', 'alerts_over');
CREATE INDEX events_alerts ON events (json_extract(body, '$.event.number'), version)
    WHERE stream = 'house' AND kind IN ('alerts_begun', 'alert_fired', 'alert_cleared', 'alerts_linked', 'alerts_over');
CREATE INDEX events_alarms ON events (json_extract(body, '$.event.alarm.group')) WHERE kind = 'declared' AND stream = 'house';
CREATE INDEX events_alarm_of ON events (json_extract(body, '$.event.alarm.number')) WHERE kind = 'declared' AND stream = 'house';
CREATE INDEX events_house ON events (heard_at)
    WHERE stream = 'house' AND kind NOT IN ('alert_fired', 'alert_cleared');
