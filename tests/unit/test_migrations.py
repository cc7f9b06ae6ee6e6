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
    "0007.non-accrual": "c6b97ce1e2f5c907cad293795ad914e149210c76f269114d3253e4127181f183",
    "0008.person": "5ebf5c58f3008dbd1fea5cec86a0e040b92acca922b7afddc1398db2f6a912e9",
    "0009.answers": "84ff74231a054a11ec97bd9dd0c6f0db422b3653d653c624c2639dce1013c36b",
    "0010.proposals": "eaf7b6bf7580b60f640bc5a4b6483148e5d050d747a0423e1e4f209a06d37ead",
    "0011.recorded-at": "f439684f848b3d5ae2f571cd6f7d386fc54b55fe1d19aa38e1345092733f7e31",
    "0012.erased-texts": "d5be38affe168a2a8412199c6855f5fceec951817d6646727625df8ef921ee56",
    "0013.payout-changes": "b9ed7ea8dd1bbdde9d385d3d27725ab7fde249112a37d3694a5fdf022667bcb5",
}


def test_a_migration_that_shipped_is_as_it_was() -> None:
    found = {path.stem: sha256(path.read_bytes()).hexdigest() for path in MIGRATIONS.glob("*.sql")}
    assert {name: found.get(name) for name in SHIPPED} == SHIPPED
