-- When an event was recorded, by the database's clock as its commit began; unknown of those before. No part of the hash chain.
-- depends: 0007.non-accrual

ALTER TABLE event ADD COLUMN recorded_at timestamptz;
ALTER TABLE event ALTER COLUMN recorded_at SET DEFAULT now();
