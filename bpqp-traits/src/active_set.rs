//! Which sides of which rows hold with equality.

/// Which side of a two-sided constraint is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Neither side.
    #[default]
    Free,
    /// The lower side: `aᵀx = l`, dual ≤ 0.
    Lower,
    /// The upper side: `aᵀx = u`, dual ≥ 0.
    Upper,
    /// Both at once, `l = u`: an equality, dual of any sign.
    Equal,
}

impl Side {
    /// Whether the constraint holds with equality.
    pub fn is_active(self) -> bool {
        self != Self::Free
    }
}

/// The active side of every row and of every variable's bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveSet {
    /// One entry per row of `A` (`m`).
    pub rows: Vec<Side>,
    /// One entry per variable (`n`).
    pub bounds: Vec<Side>,
}

impl ActiveSet {
    /// Indices of the active rows, ascending.
    pub fn active_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows.iter().enumerate().filter(|(_, s)| s.is_active()).map(|(i, _)| i)
    }

    /// Indices of the variables held at a bound, ascending.
    pub fn active_bounds(&self) -> impl Iterator<Item = usize> + '_ {
        self.bounds.iter().enumerate().filter(|(_, s)| s.is_active()).map(|(j, _)| j)
    }

    /// Indices of the variables that are free to move, ascending.
    pub fn free_variables(&self) -> impl Iterator<Item = usize> + '_ {
        self.bounds.iter().enumerate().filter(|(_, s)| !s.is_active()).map(|(j, _)| j)
    }
}
