-- What sources outside answered and were paid for, so that it is used again after a restart.
-- depends: 0008.person

-- The last answer of each source about a person, JSON: scores and amounts, no name and no number. It goes with the person.
CREATE TABLE answer (
    answered_on date NOT NULL,
    found_by text NOT NULL REFERENCES person ON DELETE CASCADE,
    source text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (found_by, source)
) WITH (fillfactor = 85);
