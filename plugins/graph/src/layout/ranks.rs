//! The layer of each node, after edges that would close a cycle are reversed.

use std::collections::VecDeque;

/// The edges that would close a cycle together with earlier ones.
pub(super) fn turned(count: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut next = vec![Vec::new(); count];
    let mut seen = vec![0_usize; count];
    let mut turned = Vec::with_capacity(edges.len());
    for (turn, &(from, to)) in edges.iter().enumerate() {
        let closes = leads(&next, &mut seen, turn + 1, (to, from));
        let (above, below) = if closes { (to, from) } else { (from, to) };
        next[above].push(below);
        turned.push(closes);
    }
    turned
}

/// Whether there is a path from one node to another.
fn leads(next: &[Vec<usize>], seen: &mut [usize], turn: usize, ends: (usize, usize)) -> bool {
    let mut open = vec![ends.0];
    while let Some(node) = open.pop() {
        if node == ends.1 {
            return true;
        }
        if seen[node] != turn {
            seen[node] = turn;
            open.extend(&next[node]);
        }
    }
    false
}

/// The layer of each node: one below the lowest node that leads to it. A node to which no edge
/// leads is directly above the highest node to which it leads.
pub(super) fn ranks(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut below = vec![Vec::new(); count];
    let mut open = vec![0; count];
    for &(from, to) in edges {
        below[from].push(to);
        open[to] += 1;
    }
    let is_source: Vec<bool> = open.iter().map(|open| *open == 0).collect();
    let mut ranks = vec![0; count];
    let mut ready: VecDeque<usize> = (0..count).filter(|node| is_source[*node]).collect();
    while let Some(node) = ready.pop_front() {
        for &to in &below[node] {
            ranks[to] = ranks[to].max(ranks[node] + 1);
            open[to] -= 1;
            if open[to] == 0 {
                ready.push_back(to);
            }
        }
    }
    for node in (0..count).filter(|node| is_source[*node]) {
        if let Some(highest) = below[node].iter().map(|to| ranks[*to]).min() {
            ranks[node] = highest - 1;
        }
    }
    ranks
}
