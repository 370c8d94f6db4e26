//! Which buffers share memory.
//!
//! wgpu forbids to read one range and write another of the same buffer in a dispatch, so memory is reused as whole
//! device buffers, *slots*. Two buffers may share one if no pass lies in lives of both. To assign slots so that their sum is least is a
//! storage-allocation problem (NP-hard in general); first fit by falling size is the standard heuristic
//! (Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size").

/// What the assignment needs to know of a buffer.
#[derive(Clone, Debug)]
pub(super) struct Tenant {
    pub bytes: u64,
    /// First and last pass of each life, both included, ascending.
    pub lives: Vec<(usize, usize)>,
    /// Must not share.
    pub exclusive: bool,
}

/// The slot of each tenant, and the size of each slot \[bytes\]. Slots are numbered by their first tenant.
pub(super) fn assign(tenants: &[Tenant]) -> (Vec<usize>, Vec<u64>) {
    let mut order: Vec<usize> = (0..tenants.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(tenants[i].bytes), tenants[i].lives.first().copied(), i));
    let mut members: Vec<Vec<usize>> = Vec::new();
    for i in order {
        let fits = |slot: &Vec<usize>| slot.iter().all(|&j| !conflict(&tenants[i], &tenants[j]));
        match members.iter_mut().find(|slot| fits(slot)) {
            Some(slot) => slot.push(i),
            None => members.push(vec![i]),
        }
    }
    for slot in &mut members {
        slot.sort_unstable();
    }
    members.sort_by_key(|slot| slot[0]);
    let mut slot_of = vec![0; tenants.len()];
    for (number, slot) in members.iter().enumerate() {
        slot.iter().for_each(|&i| slot_of[i] = number);
    }
    let sizes = members.iter().map(|slot| slot.iter().map(|&i| tenants[i].bytes).max().unwrap_or(0)).collect();
    (slot_of, sizes)
}

fn conflict(a: &Tenant, b: &Tenant) -> bool {
    a.exclusive || b.exclusive || meet(&a.lives, &b.lives)
}

/// True if any interval of `a` meets one of `b`; both ascending.
fn meet(a: &[(usize, usize)], b: &[(usize, usize)]) -> bool {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i].1 < b[j].0 {
            i += 1;
        } else if b[j].1 < a[i].0 {
            j += 1;
        } else {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tenant(bytes: u64, first: usize, last: usize) -> Tenant {
        Tenant { bytes, lives: vec![(first, last)], exclusive: false }
    }

    #[test]
    fn a_chain_needs_two_slots() {
        let chain = [tenant(40, 0, 1), tenant(100, 1, 2), tenant(60, 2, 3), tenant(80, 3, 4)];
        assert_eq!(assign(&chain), (vec![0, 1, 0, 1], vec![60, 100]));
    }

    #[test]
    fn lives_are_closed_intervals() {
        assert_eq!(assign(&[tenant(4, 0, 1), tenant(4, 1, 2)]).1.len(), 2, "both live in pass 1");
        assert_eq!(assign(&[tenant(4, 0, 1), tenant(4, 2, 2)]).1.len(), 1);
        let own = Tenant { exclusive: true, ..tenant(4, 2, 2) };
        assert_eq!(assign(&[tenant(4, 0, 1), own]).1.len(), 2);
    }

    proptest! {
        #[test]
        fn no_two_live_buffers_share(raw in prop::collection::vec((1u64..1000, prop::collection::vec((1usize..20, 0usize..10), 1..4), prop::bool::weighted(0.2)), 1..40)) {
            let tenants: Vec<Tenant> = raw.iter().map(|(bytes, steps, exclusive)| {
                let mut at = 0;
                let lives = steps.iter().map(|(gap, length)| {
                    let first = at + gap;
                    at = first + length;
                    (first, at)
                });
                Tenant { bytes: *bytes, lives: lives.collect(), exclusive: *exclusive }
            }).collect();
            let alive = |t: &Tenant, p: usize| t.exclusive || t.lives.iter().any(|l| l.0 <= p && p <= l.1);
            let (slots, sizes) = assign(&tenants);
            let mut total_alone = 0;
            for (i, a) in tenants.iter().enumerate() {
                prop_assert!(sizes[slots[i]] >= a.bytes);
                total_alone += a.bytes;
                for (j, b) in tenants.iter().enumerate().skip(i + 1) {
                    let both = (0..100).any(|p| alive(a, p) && alive(b, p)) || a.exclusive || b.exclusive;
                    prop_assert!(slots[i] != slots[j] || !both);
                }
            }
            let worst_pass = (0..100).map(|p| tenants.iter().filter(|t| alive(t, p)).map(|t| t.bytes).sum()).max().unwrap_or(0);
            let sum: u64 = sizes.iter().sum();
            prop_assert!(worst_pass <= sum && sum <= total_alone);
        }
    }
}
