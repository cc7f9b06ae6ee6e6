-- Contract texts name the borrower: they go with the rest of an erased borrower's data, who has no secret left.
-- depends: 0007.non-accrual

DELETE FROM contract_text WHERE NOT EXISTS (SELECT FROM secret WHERE secret.account_id = contract_text.account_id);
