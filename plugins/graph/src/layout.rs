//! Computes the positions of nodes and edges, in layers from top to bottom, so that every edge
//! leads downwards.
//!
//! The steps are those of Sugiyama's method. An edge that would close a cycle is reversed during
//! the steps. Each node gets a layer below all nodes that lead to it. An edge that crosses a layer
//! gets a bend there. The barycentres of the neighbours order each layer, and each layer is moved
//! as close to its neighbours as its order and the widths allow.

mod ranks;

use crate::drawing::Point;

use ranks::{ranks, turned};

/// The space between neighbouring nodes, and between layers.
const GAP: f64 = 20.0;
const LAYER_GAP: f64 = 44.0;
/// The width of an edge that crosses a layer.
const BEND: f64 = 8.0;
/// How often the layers are ordered, and moved.
const SWEEPS: usize = 16;
/// The margin around the drawing.
const MARGIN: f64 = 16.0;
/// The least width of the rows of nodes without edges.
const ROW: f64 = 720.0;

/// The nodes and edges to place.
#[derive(Debug)]
pub(crate) struct Order {
    /// Widths of the nodes; all have the same height.
    pub(crate) widths: Vec<f64>,
    pub(crate) height: f64,
    /// The edges between nodes. In a cycle, a later edge is reversed rather than an earlier one.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// The resulting positions.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The centre of each node.
    pub(crate) nodes: Vec<Point>,
    /// The points of each edge, from its beginning to its end.
    pub(crate) edges: Vec<Vec<Point>>,
    /// Whether each edge leads upwards, because it closes a cycle.
    pub(crate) turned: Vec<bool>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Computes the positions of nodes and edges.
pub(crate) fn layout(order: &Order) -> Layout {
    let turned = turned(order.widths.len(), &order.edges);
    let down: Vec<(usize, usize)> = (order.edges.iter().zip(&turned))
        .map(|(&(from, to), turned)| if *turned { (to, from) } else { (from, to) })
        .collect();
    let mut layers = Layers::of(order, &down);
    layers.sort();
    layers.move_together();
    layers.drawn(order, turned)
}

/// A node, or the bend of an edge that crosses a layer.
#[derive(Debug)]
struct Item {
    width: f64,
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

#[derive(Debug)]
struct Layers {
    /// The nodes, followed by the bends.
    items: Vec<Item>,
    /// The items of each layer, from left to right.
    layers: Vec<Vec<usize>>,
    /// The items through which each edge leads, from top to bottom.
    ways: Vec<Vec<usize>>,
}

impl Layers {
    fn of(order: &Order, edges: &[(usize, usize)]) -> Self {
        let count = order.widths.len();
        let ranks = ranks(count, edges);
        let item = |&width: &f64| Item {
            width,
            x: 0.0,
            above: Vec::new(),
            below: Vec::new(),
        };
        let mut all = Self {
            items: order.widths.iter().map(item).collect(),
            layers: vec![Vec::new(); ranks.iter().max().map_or(0, |last| last + 1)],
            ways: Vec::with_capacity(edges.len()),
        };
        let mut has_edge = vec![false; count];
        for &(from, to) in edges {
            (has_edge[from], has_edge[to]) = (true, true);
        }
        for node in (0..count).filter(|node| has_edge[*node]) {
            all.layers[ranks[node]].push(node);
        }
        all.layers.retain(|layer| !layer.is_empty());
        for &(from, to) in edges {
            let mut way = vec![from];
            for rank in ranks[from] + 1..ranks[to] {
                way.push(all.items.len());
                all.layers[rank].push(all.items.len());
                all.items.push(item(&BEND));
            }
            way.push(to);
            for pair in way.windows(2) {
                all.items[pair[0]].below.push(pair[1]);
                all.items[pair[1]].above.push(pair[0]);
            }
            all.ways.push(way);
        }
        let alone = (0..count).filter(|node| !has_edge[*node]);
        all.rows(&alone.collect::<Vec<_>>());
        all
    }

    /// Puts nodes without edges below the others, in rows.
    fn rows(&mut self, nodes: &[usize]) {
        let mut room = 0.0;
        for &node in nodes {
            let width = self.items[node].width + GAP;
            match self.layers.last_mut() {
                Some(row) if room >= width => row.push(node),
                _ => {
                    self.layers.push(vec![node]);
                    room = ROW;
                }
            }
            room -= width;
        }
    }

    /// Orders each layer by its neighbours, so that few edges cross.
    fn sort(&mut self) {
        let mut place = vec![0; self.items.len()];
        let mut best = (self.crossings(&mut place), self.layers.clone());
        for sweep in 0..SWEEPS {
            let goes_down = sweep % 2 == 0;
            let mut turns: Vec<usize> = (0..self.layers.len()).collect();
            if !goes_down {
                turns.reverse();
            }
            for layer in turns {
                self.sort_layer(layer, goes_down, &mut place);
            }
            let crossings = self.crossings(&mut place);
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn sort_layer(&mut self, layer: usize, goes_down: bool, place: &mut [usize]) {
        let keyed = self.layers[layer].iter().enumerate().map(|(at, &item)| {
            let beside = match goes_down {
                true => &self.items[item].above,
                false => &self.items[item].below,
            };
            let centre = mean(beside.iter().map(|other| place[*other] as f64));
            (centre.unwrap_or(at as f64), item)
        });
        let mut keyed: Vec<(f64, usize)> = keyed.collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        self.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
        for (at, &item) in self.layers[layer].iter().enumerate() {
            place[item] = at;
        }
    }

    /// The number of crossing edges; also records the place of each item in its layer.
    fn crossings(&self, place: &mut [usize]) -> usize {
        for layer in &self.layers {
            for (at, &item) in layer.iter().enumerate() {
                place[item] = at;
            }
        }
        let mut crossings = 0;
        for layer in &self.layers {
            let mut ends: Vec<usize> = Vec::new();
            for &item in layer {
                let mut below: Vec<_> = (self.items[item].below.iter())
                    .map(|other| place[*other])
                    .collect();
                below.sort_unstable();
                // Edges from further left that end further right.
                for end in &below {
                    crossings += ends.len() - ends.partition_point(|other| other <= end);
                }
                for end in below {
                    ends.insert(ends.partition_point(|other| *other <= end), end);
                }
            }
        }
        crossings
    }

    /// Moves the items of each layer towards the middle of their neighbours, as far as there is
    /// room.
    fn move_together(&mut self) {
        for layer in &self.layers {
            let mut x = 0.0;
            for &item in layer {
                self.items[item].x = x + self.items[item].width / 2.0;
                x += self.items[item].width + GAP;
            }
        }
        for sweep in 0..SWEEPS {
            let (above, below) = (sweep % 3 != 1, sweep % 3 != 0);
            for layer in 0..self.layers.len() {
                let layer = match sweep % 2 {
                    0 => layer,
                    _ => self.layers.len() - 1 - layer,
                };
                self.move_layer(layer, above, below);
            }
        }
        let left = |item: &Item| item.x - item.width / 2.0;
        let leftmost = self.items.iter().map(left).fold(f64::INFINITY, f64::min);
        for item in &mut self.items {
            item.x += MARGIN - leftmost;
        }
        let (first, rest) = (MARGIN, &self.layers);
        for layer in rest {
            let is_alone = |item: &&usize| {
                self.items[**item].above.is_empty() && self.items[**item].below.is_empty()
            };
            if layer.iter().all(|item| is_alone(&item)) {
                let mut x = first;
                for &item in layer {
                    self.items[item].x = x + self.items[item].width / 2.0;
                    x += self.items[item].width + GAP;
                }
            }
        }
    }

    /// Moves one layer: minimizes the sum of the squared distances of its items from their
    /// preferred positions, while their order and the gaps between them are kept.
    fn move_layer(&mut self, layer: usize, above: bool, below: bool) {
        // After the room of the earlier items is subtracted, an item may be anywhere right of the
        // last one.
        let mut room = 0.0;
        let mut blocks: Vec<Block> = Vec::new();
        let mut rooms = Vec::with_capacity(self.layers[layer].len());
        for (at, &index) in self.layers[layer].iter().enumerate() {
            let item = &self.items[index];
            if at > 0 {
                let last = &self.items[self.layers[layer][at - 1]];
                room += f64::midpoint(last.width, item.width) + GAP;
            }
            rooms.push(room);
            let upper = item.above.iter().filter(|_| above);
            let beside = upper.chain(item.below.iter().filter(|_| below));
            let wanted = mean(beside.map(|other| self.items[*other].x)).unwrap_or(item.x);
            let mut block = Block {
                sum: wanted - room,
                count: 1.0,
            };
            while let Some(last) = blocks.last()
                && last.mean() > block.mean()
            {
                block.sum += last.sum;
                block.count += last.count;
                blocks.pop();
            }
            blocks.push(block);
        }
        let means = (blocks.iter())
            .flat_map(|block| std::iter::repeat_n(block.mean(), block.count as usize));
        for ((&item, room), mean) in self.layers[layer].iter().zip(rooms).zip(means) {
            self.items[item].x = mean + room;
        }
    }

    fn drawn(&self, order: &Order, turned: Vec<bool>) -> Layout {
        let mut y = vec![0.0; self.items.len()];
        let step = order.height + LAYER_GAP;
        for (rank, layer) in self.layers.iter().enumerate() {
            for &item in layer {
                y[item] = MARGIN + order.height / 2.0 + rank as f64 * step;
            }
        }
        let right = |item: &Item| item.x + item.width / 2.0;
        let width = self.items.iter().map(right).fold(0.0, f64::max);
        let rows = self.layers.len() as f64;
        let mut edges: Vec<Vec<Point>> = (self.ways.iter())
            .map(|way| self.points(way, &y, order.height))
            .collect();
        self.spread(&mut edges);
        for (points, turned) in edges.iter_mut().zip(&turned) {
            if *turned {
                points.reverse();
            }
        }
        let nodes = self.items.iter().zip(&y).take(order.widths.len());
        Layout {
            nodes: nodes.map(|(item, &y)| Point { x: item.x, y }).collect(),
            edges,
            turned,
            width: width + MARGIN,
            height: (rows * step - LAYER_GAP).max(0.0) + 2.0 * MARGIN,
        }
    }

    /// From the lower side of a node, straight through each bend, to the upper side of another
    /// node.
    fn points(&self, way: &[usize], y: &[f64], height: f64) -> Vec<Point> {
        let point = |item: usize, off: f64| Point {
            x: self.items[item].x,
            y: y[item] + off,
        };
        let half = height / 2.0;
        let mut points = vec![point(way[0], half)];
        for &bend in &way[1..way.len() - 1] {
            points.extend([point(bend, -half), point(bend, half)]);
        }
        points.push(point(way[way.len() - 1], -half));
        points
    }

    /// Gives each edge its own place at its ends, in the order of where it comes from.
    fn spread(&self, edges: &mut [Vec<Point>]) {
        let mut ends: Vec<(usize, bool, f64, usize)> = Vec::new();
        for (edge, (way, points)) in self.ways.iter().zip(&*edges).enumerate() {
            let last = points.len() - 1;
            ends.push((way[0], false, points[1].x, edge));
            ends.push((way[way.len() - 1], true, points[last - 1].x, edge));
        }
        let side = |end: &(usize, bool, f64, usize)| (end.0, end.1);
        ends.sort_by(|one, other| side(one).cmp(&side(other)).then(one.2.total_cmp(&other.2)));
        for group in ends.chunk_by(|one, other| side(one) == side(other)) {
            for (at, &(node, is_end, _, edge)) in group.iter().enumerate() {
                let Item { x, width, .. } = self.items[node];
                let share = (at + 1) as f64 / (group.len() + 1) as f64;
                let points = &mut edges[edge];
                let point = if is_end { points.len() - 1 } else { 0 };
                points[point].x = x + width * (share - 0.5);
            }
        }
    }
}

/// Items that touch each other and share one mean.
#[derive(Debug)]
struct Block {
    sum: f64,
    count: f64,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.count
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn orders() -> impl Strategy<Value = Order> {
        let widths = vec(40.0..200.0_f64, 1..24);
        widths.prop_flat_map(|widths| {
            let end = 0..widths.len();
            let edges = vec((end.clone(), end), 0..48);
            edges.prop_map(move |mut edges| {
                edges.retain(|(from, to)| from != to);
                Order {
                    widths: widths.clone(),
                    height: 30.0,
                    edges,
                }
            })
        })
    }

    proptest! {
        #[test]
        fn edges_go_down_but_for_those_that_close_a_circle(order in orders()) {
            let Layout { nodes, edges, turned, .. } = layout(&order);
            for ((&(from, to), points), turned) in order.edges.iter().zip(&edges).zip(&turned) {
                let mut ys: Vec<_> = points.iter().map(|point| point.y).collect();
                if *turned {
                    ys.reverse();
                }
                prop_assert!(ys.is_sorted_by(|one, next| one < next), "{points:?}");
                prop_assert_eq!(*turned, nodes[from].y > nodes[to].y);
            }
            // The edges that are not reversed form no cycle, so the first edge is never reversed.
            prop_assert!(turned.first().is_none_or(|first| !first));
        }

        #[test]
        fn nothing_overlaps_and_all_is_inside(order in orders()) {
            let Layout { nodes, width, height, .. } = layout(&order);
            for (one, (at, wide)) in nodes.iter().zip(&order.widths).enumerate() {
                prop_assert!(at.x - wide / 2.0 >= MARGIN - 0.01, "{at:?}");
                prop_assert!(at.x + wide / 2.0 <= width - MARGIN + 0.01, "{at:?} {width}");
                prop_assert!(at.y + order.height / 2.0 <= height - MARGIN + 0.01);
                for (other, other_wide) in nodes.iter().zip(&order.widths).skip(one + 1) {
                    let beside = (at.x - other.x).abs() >= (wide + other_wide) / 2.0 + GAP - 0.01;
                    let below = (at.y - other.y).abs() >= order.height + LAYER_GAP - 0.01;
                    prop_assert!(beside || below, "{at:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn without_a_circle_no_edge_is_turned() {
        let order = Order {
            widths: vec![80.0; 4],
            height: 30.0,
            edges: vec![(0, 1), (1, 2), (0, 2), (2, 3), (3, 0)],
        };
        assert_eq!(layout(&order).turned, [false, false, false, false, true]);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let order = Order {
            widths: Vec::new(),
            height: 30.0,
            edges: Vec::new(),
        };
        let layout = layout(&order);
        assert_eq!((layout.nodes.len(), layout.height), (0, 2.0 * MARGIN));
    }

    #[test]
    fn ways_that_need_not_cross_do_not() {
        let order = Order {
            widths: vec![80.0; 6],
            height: 30.0,
            edges: vec![(0, 5), (1, 4), (2, 3)],
        };
        let nodes = layout(&order).nodes;
        let x = |node: usize| nodes[node].x;
        assert_eq!((x(0) < x(1), x(1) < x(2)), (x(5) < x(4), x(4) < x(3)));
    }
}
