-- Version 14: a run on several hosts is a group of runs.

ALTER TABLE runs ADD COLUMN lane_of TEXT; -- the first run of its group; NULL for a run by itself
CREATE INDEX runs_lane_of ON runs(lane_of) WHERE lane_of IS NOT NULL;
