-- Interest of the running period that was earned by its start and not collected; below zero where it was collected first.
-- depends: 0001.schema

ALTER TABLE loan ADD COLUMN period_earned bigint NOT NULL DEFAULT 0;

-- Nothing may take effect on this day or before it any more.
ALTER TABLE book ADD COLUMN closed_through date;
