-- What officers did to payout orders by hand.
-- depends: 0004.funding

CREATE TABLE payout_change (
    changed_at timestamptz NOT NULL DEFAULT now(),
    order_number text NOT NULL,
    officer text NOT NULL,
    change text NOT NULL,
    note text NOT NULL
);

CREATE INDEX payout_change_order ON payout_change (order_number);
