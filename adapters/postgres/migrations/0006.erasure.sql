-- Since when borrowers wait to be forgotten, so that those are found whose data no law keeps any more.
-- depends: 0005.review-queue

ALTER TABLE credit_file ADD COLUMN erasure_asked_on date;

CREATE INDEX credit_file_erasure ON credit_file (erasure_asked_on) WHERE erasure_asked_on IS NOT NULL;
