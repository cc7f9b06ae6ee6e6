-- Changes of terms that signals of risk led to, as officers ask for those that wait.
-- depends: 0007.non-accrual

CREATE TABLE proposal (
    account_id bigint NOT NULL,
    loan_id bigint NOT NULL,
    number integer NOT NULL,
    proposed_on date NOT NULL,
    signal text NOT NULL,
    change text NOT NULL,
    status text NOT NULL,
    PRIMARY KEY (account_id, number)
) WITH (fillfactor = 85);

CREATE INDEX proposal_waiting ON proposal (proposed_on, account_id) WHERE status = 'waiting';
