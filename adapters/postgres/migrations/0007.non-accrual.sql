-- Loans so late that their interest is income only as it is paid: what they owe of it stands in suspense.
-- depends: 0006.erasure

ALTER TABLE loan ADD COLUMN non_accrual boolean NOT NULL DEFAULT false;
