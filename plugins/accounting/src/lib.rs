//! An allocator that bills memory to the instance whose code is at work.
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: BillingAllocator = BillingAllocator;
//! ```
//!
//! In front of each block is the account that it was billed to, so that it is taken off there
//! whoever frees it. Memory that is handed over, such as an event, stays on the account of who
//! allocated it; what no plugin's code allocates is on none.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

use plugin_core::{Account, account_at_work};

/// What stands in front of a block: the account that it is billed to, if any.
type Owner = Option<&'static Account>;

/// The system's allocator, with accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct BillingAllocator;

/// Where a block is in what the system's allocator gives: `offset` bytes after its beginning, which
/// keeps its alignment and leaves room for the owner right in front of it.
struct Placed {
    whole: Layout,
    offset: usize,
}

impl Placed {
    /// None if it would be larger than memory can be.
    fn of(block: Layout) -> Option<Self> {
        let align = block.align().max(align_of::<Owner>());
        let offset = align.max(size_of::<Owner>());
        let size = block.size().checked_add(offset)?;
        let whole = Layout::from_size_align(size, align).ok()?;
        Some(Self { whole, offset })
    }
}

#[expect(unsafe_code, reason = "an allocator hands out memory")]
// SAFETY: blocks are parts of what the system's allocator gives, which no other block has; they are
// aligned, because the whole is and the offset is a multiple of the alignment. Nothing here panics
// or allocates: whose code is at work is read off the stack.
unsafe impl GlobalAlloc for BillingAllocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(placed) = Placed::of(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: the whole has a size, that of an owner at least.
        bill(unsafe { System.alloc(placed.whole) }, &placed)
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(placed) = Placed::of(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: as in `alloc`.
        bill(unsafe { System.alloc_zeroed(placed.whole) }, &placed)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(placed) = Placed::of(layout) else {
            return;
        };
        // SAFETY: the block is one of this allocator, and of this layout: the caller sees to that.
        unsafe {
            if let Some(owner) = owner(block).read() {
                owner.freed(placed.whole.size());
            }
            System.dealloc(block.sub(placed.offset), placed.whole);
        }
    }

    /// The block stays on the account that it is on, whoever has it grow.
    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let new = Layout::from_size_align(new_size, layout.align());
        let (Some(old), Some(new)) = (Placed::of(layout), new.ok().and_then(Placed::of)) else {
            return ptr::null_mut();
        };
        // SAFETY: as in `dealloc`. The owner moves with the block, for both layouts have the same
        // alignment and so the same offset.
        unsafe {
            let owner = owner(block).read();
            let moved = System.realloc(block.sub(old.offset), old.whole, new.whole.size());
            if moved.is_null() {
                return moved;
            }
            if let Some(owner) = owner {
                owner.allocated(new.whole.size());
                owner.freed(old.whole.size());
            }
            moved.add(new.offset)
        }
    }
}

/// Bills a whole to whoever is at work; returns the block in it.
#[inline]
#[expect(unsafe_code, reason = "the owner is written in front of the block")]
fn bill(whole: *mut u8, placed: &Placed) -> *mut u8 {
    if whole.is_null() {
        return whole;
    }
    let at_work = account_at_work();
    if let Some(account) = at_work {
        account.allocated(placed.whole.size());
    }
    // SAFETY: the whole is larger than its offset, which has room for an owner.
    unsafe {
        let block = whole.add(placed.offset);
        owner(block).write(at_work);
        block
    }
}

/// Where the owner of a block is. It is aligned, because the block is to at least the same.
#[inline]
#[expect(unsafe_code, reason = "the owner stands in front of the block")]
unsafe fn owner(block: *mut u8) -> *mut Owner {
    // SAFETY: there are at least as many bytes in front of a block of this allocator.
    unsafe { block.sub(size_of::<Owner>()).cast() }
}
