"""A small cloud on this computer: Alibaba Cloud's ECS interface with a memory, real signatures, and faults on order.

What closes a firewall must have been tried where nothing can be locked: the practice world and the tests speak to this one, through the
very library that speaks to the real one. It answers in the shapes seen on the wire and keeps the habits that decide a design: rule
ids that stay on a change, an identical rule that is silently not made, an empty list in the place of a missing permission, writes
that were done although their answer got lost.
"""
