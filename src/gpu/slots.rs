//! Which buffers share memory.
//!
//! wgpu forbids to read one range and write another of the same buffer in a dispatch, so memory is reused as whole
//! device buffers, *slots*. Two buffers may share one if no pass lies in both their lives. To assign slots so that their sum is least is a
//! storage-allocation problem (NP-hard in general); first fit by falling size is the standard heuristic
//! (Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size").

/// What the assignment needs to know of a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenant {
    pub bytes: u64,
    /// First and last pass, both included.
    pub life: (usize, usize),
    /// Must not share.
    pub exclusive: bool,
}

/// The slot of each tenant, and the size of each slot \[bytes\]. Slots are numbered by their first tenant.
pub(super) fn assign(tenants: &[Tenant]) -> (Vec<usize>, Vec<u64>) {
    let mut order: Vec<usize> = (0..tenants.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(tenants[i].bytes), tenants[i].life, i));
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
    a.exclusive || b.exclusive || (a.life.0 <= b.life.1 && b.life.0 <= a.life.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tenant(bytes: u64, first: usize, last: usize) -> Tenant {
        Tenant { bytes, life: (first, last), exclusive: false }
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
        fn no_two_live_buffers_share(raw in prop::collection::vec((1u64..1000, 0usize..40, 0usize..10, prop::bool::weighted(0.2)), 1..40)) {
            let tenants: Vec<Tenant> = raw.iter().map(|&(bytes, first, length, exclusive)| Tenant { bytes, life: (first, first + length), exclusive }).collect();
            let (slots, sizes) = assign(&tenants);
            let mut total_alone = 0;
            for (i, a) in tenants.iter().enumerate() {
                prop_assert!(sizes[slots[i]] >= a.bytes);
                total_alone += a.bytes;
                for (j, b) in tenants.iter().enumerate().skip(i + 1) {
                    prop_assert!(slots[i] != slots[j] || !conflict(a, b));
                }
            }
            let worst_pass = (0..50).map(|p| tenants.iter().filter(|t| t.exclusive || (t.life.0 <= p && p <= t.life.1)).map(|t| t.bytes).sum()).max().unwrap_or(0);
            let sum: u64 = sizes.iter().sum();
            prop_assert!(worst_pass <= sum && sum <= total_alone);
        }
    }
}
