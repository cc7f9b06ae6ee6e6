-- name: recall
-- What a source answered about people within some days.
SELECT found_by, body, answered_on FROM answer
WHERE source = $1 AND found_by = ANY($2::text[]) AND answered_on > $3 AND answered_on <= $4

-- name: keep
-- Put new answers in place of the old ones. Of people who were erased meanwhile nothing is kept.
INSERT INTO answer (answered_on, found_by, source, body)
SELECT $2, found_by, $1, body
FROM unnest($3::text[], $4::bytea[]) AS new (found_by, body)
JOIN person USING (found_by)
ORDER BY found_by
ON CONFLICT (found_by, source) DO UPDATE SET answered_on = excluded.answered_on, body = excluded.body
