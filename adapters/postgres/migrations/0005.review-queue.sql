-- depends: 0004.funding

-- Nothing asks the queue for these, the credit file has them; a contract's text is found by account and number.
-- Some books never had them.
ALTER TABLE application
    DROP COLUMN IF EXISTS version, DROP COLUMN IF EXISTS decided_on, DROP COLUMN IF EXISTS outcome;

DROP INDEX IF EXISTS contract_text_digest;
