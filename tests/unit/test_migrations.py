"""Migrations that books were made with never change: what a book lacks comes with a new one."""

from hashlib import sha256

from adapters.postgres.migrate import MIGRATIONS

SHIPPED = {
    "0001.schema": "5c09dbcd3df788b76fcafa29c53cfda43f72f9c0400beaeabee80613d777b7fd",
    "0002.servicing": "4a8e8cddd66df8fe047320ea28514d5a7f15f45d222bd9df389deb81faf86e16",
    "0003.origination": "f78d76deb2a0f41d05236504d661d1a2ec728aba590026217ae76a3959821de7",
    "0004.funding": "df7e2d5ce67a1b666b8a901dc6972b1f066a819e521e50f5d51a359d0b911915",
    "0005.review-queue": "e2851252eeb0599036110a9b544281312eade782067f7453ed4c6463b8aed7c0",
    "0006.erasure": "907bb7495d8303ee08f62325bcac8a92b9f40c6a658fb3771ffc71cfe2725525",
}


def test_a_migration_that_shipped_is_as_it_was() -> None:
    found = {path.stem: sha256(path.read_bytes()).hexdigest() for path in MIGRATIONS.glob("*.sql")}
    assert {name: found.get(name) for name in SHIPPED} == SHIPPED
