//! The one list of cases, from which the tables and the `#[test]` functions are made.

/// Calls back with every forward case: `module::name`, version, needed capabilities.
#[doc(hidden)]
#[macro_export]
macro_rules! __forward_cases {
    ([$($callback:tt)*] $args:tt) => {
        $($callback)*! { $args
            basics::unconstrained 1 ["quadratic_objective"];
            basics::one_variable 1 ["quadratic_objective"];
            basics::one_variable_one_row 1 ["quadratic_objective"];
            basics::no_rows 1 ["quadratic_objective"];
            basics::linear_program 1 [];
            basics::linear_program_equality 1 [];
            basics::stored_zero_hessian 1 [];
            basics::infinite_sides 1 ["quadratic_objective"];
            basics::free_row 1 ["quadratic_objective"];
            basics::linear_variable 1 ["quadratic_objective"];
            projections::box_projection 1 ["quadratic_objective"];
            projections::simplex_projection 1 ["quadratic_objective"];
            projections::half_space_projection 1 ["quadratic_objective"];
            projections::half_space_inactive 1 ["quadratic_objective"];
            projections::equality_least_squares 1 ["quadratic_objective"];
            projections::affine_projection 1 ["quadratic_objective"];
            duals::row_upper_dual 1 ["quadratic_objective", "duals"];
            duals::row_lower_dual 1 ["quadratic_objective", "duals"];
            duals::bound_duals 1 ["quadratic_objective", "duals"];
            duals::two_sided_rows 1 ["quadratic_objective", "duals"];
            duals::equality_duals 1 ["quadratic_objective", "duals"];
            duals::fixed_variables 1 ["quadratic_objective", "duals"];
            duals::row_and_bound_duals 1 ["quadratic_objective", "duals"];
            duals::scaling_laws 1 ["quadratic_objective", "duals"];
            degenerate::duplicate_equality 1 ["quadratic_objective"];
            degenerate::dependent_equalities 1 ["quadratic_objective"];
            degenerate::redundant_inequalities 1 ["quadratic_objective"];
            degenerate::degenerate_vertex 1 [];
            degenerate::weakly_active_bound 1 ["quadratic_objective"];
            degenerate::zero_row 1 ["quadratic_objective"];
            degenerate::solution_not_unique 1 ["quadratic_objective"];
            degenerate::optimal_edge 1 [];
            degenerate::singular_hessian 1 ["quadratic_objective"];
            degenerate::single_point 1 ["quadratic_objective"];
            scaling::scaled_objective_up 1 ["quadratic_objective"];
            scaling::scaled_objective_down 1 ["quadratic_objective"];
            scaling::scaled_row_up 1 ["quadratic_objective"];
            scaling::scaled_row_down 1 ["quadratic_objective"];
            scaling::mixed_rows 1 ["quadratic_objective"];
            scaling::mixed_variables 1 ["quadratic_objective"];
            scaling::large_values 1 ["quadratic_objective"];
            scaling::distant_bounds 1 ["quadratic_objective"];
            infeasible::infeasible_rows 1 ["quadratic_objective"];
            infeasible::infeasible_bounds 1 ["quadratic_objective"];
            infeasible::infeasible_equalities 1 ["quadratic_objective"];
            infeasible::infeasible_linear_program 1 [];
            infeasible::infeasible_zero_row 1 ["quadratic_objective"];
            infeasible::unbounded_linear_program 1 [];
            infeasible::unbounded_quadratic 1 ["quadratic_objective"];
            infeasible::unbounded_oblique 1 ["quadratic_objective"];
            infeasible::unbounded_free 1 [];
            infeasible::doubly_infeasible 1 [];
            linear::linear_row_duals 2 ["duals"];
            linear::linear_equality_duals 2 ["duals"];
            linear::linear_bound_duals 2 ["duals"];
            linear::linear_row_and_bound_duals 2 ["duals"];
            linear::linear_free_row 2 [];
            linear::linear_zero_row 2 [];
            linear::linear_duplicate_equality 2 [];
            linear::linear_single_point 2 [];
            linear::linear_scaled_objective 2 [];
            linear::linear_scaled_rows 2 [];
            linear::linear_distant_bounds 2 [];
            linear::linear_infeasible_rows 2 [];
            linear::linear_infeasible_bounds 2 [];
            linear::linear_infeasible_equalities 2 [];
            linear::linear_infeasible_zero_row 2 [];
            linear::linear_unbounded_oblique 2 [];
            cones::ball_projection 1 ["second_order_cones", "quadratic_objective"];
            cones::ball_inactive 1 ["second_order_cones", "quadratic_objective"];
            cones::ball_linear 1 ["second_order_cones"];
            cones::ball_and_row 1 ["second_order_cones"];
            cones::several_cones 1 ["second_order_cones", "quadratic_objective"];
            cones::cone_apex 1 ["second_order_cones", "quadratic_objective"];
            cones::cone_projection 1 ["second_order_cones", "quadratic_objective"];
            cones::cone_infeasible 1 ["second_order_cones"];
            cones::cone_unbounded 1 ["second_order_cones"];
            cones::cone_updates 1 ["second_order_cones", "quadratic_objective", "update_vectors", "update_matrices"];
            capabilities::info 1 [];
            capabilities::capabilities_are_constant 1 [];
            capabilities::quadratic_objective 1 [];
            capabilities::second_order_cones 1 [];
            capabilities::checks_convexity 1 ["quadratic_objective"];
            capabilities::update_vectors 1 [];
            capabilities::update_matrices 1 [];
            capabilities::update_to_quadratic 2 ["update_matrices"];
            settings::invalid_tolerance 1 [];
            settings::zero_iterations 1 [];
            settings::unknown_option 1 [];
            settings::loose_tolerance 1 [];
            settings::iteration_limit 1 [];
            settings::time_limit 1 [];
            settings::generous_limits 1 [];
            sessions::solve_twice 1 [];
            sessions::sessions_are_independent 1 [];
            sessions::buffers_are_resized 1 [];
            sessions::across_threads 1 [];
            sessions::status_is_fresh 1 ["update_vectors"];
            sessions::adjoint_factor 1 ["quadratic_objective"];
            warm_start::warm_start 1 [];
            warm_start::warm_start_far_off 1 ["warm_start"];
            warm_start::warm_start_invalid 1 ["warm_start"];
            updates::update_q 1 ["update_vectors"];
            updates::update_l 1 ["update_vectors"];
            updates::update_u 1 ["update_vectors"];
            updates::update_lb 1 ["update_vectors"];
            updates::update_ub 1 ["update_vectors"];
            updates::update_p 1 ["update_matrices", "quadratic_objective"];
            updates::update_a 1 ["update_matrices"];
            updates::update_everything 1 ["update_vectors", "update_matrices", "quadratic_objective"];
            updates::update_linear_program 2 ["update_vectors", "update_matrices"];
            updates::update_kinds_of_sides 1 ["update_vectors"];
            updates::update_nothing 1 ["update_vectors"];
            updates::update_invalid_vectors 1 ["update_vectors"];
            updates::update_invalid_matrices 1 ["update_vectors", "update_matrices"];
            random::random_small 1 ["quadratic_objective"];
            random::random_medium 1 ["quadratic_objective"];
            random::random_equalities 1 ["quadratic_objective"];
            random::random_bounds 1 ["quadratic_objective"];
            random::random_tall 1 ["quadratic_objective"];
            random::random_linear 1 [];
            gradients::gradient_p 1 ["quadratic_objective"];
            gradients::gradient_q 1 ["quadratic_objective"];
            gradients::gradient_a 1 ["quadratic_objective"];
            gradients::gradient_b 1 ["quadratic_objective"];
            gradients::gradient_g 1 ["quadratic_objective"];
            gradients::gradient_h 1 ["quadratic_objective"];
            gradients::gradient_c 1 ["quadratic_objective"];
            gradients::gradient_l 1 ["quadratic_objective"];
            gradients::gradient_u 1 ["quadratic_objective"];
            gradients::gradient_lb 1 ["quadratic_objective"];
            gradients::gradient_ub 1 ["quadratic_objective"];
        }
    };
}

/// Calls back with every backward case: `module::name`, version, needed features.
#[doc(hidden)]
#[macro_export]
macro_rules! __backward_cases {
    ([$($callback:tt)*] $args:tt) => {
        $($callback)*! { $args
            closed_forms::unconstrained 1 [];
            closed_forms::one_variable 1 [];
            closed_forms::hyperplane 1 [];
            closed_forms::least_squares 1 [];
            closed_forms::dual_cotangent 1 [];
            closed_forms::square_rows 1 [];
            closed_forms::vertex_without_hessian 1 [];
            closed_forms::flat_direction_taken 1 [];
            closed_forms::no_variables 1 [];
            closed_forms::zero_right_hand_side 1 [];
            random::random_dense 1 [];
            random::random_sparse 1 [];
            random::random_semidefinite 1 [];
            random::many_right_hand_sides 1 [];
            random::symmetry 1 [];
            degenerate::duplicate_rows 1 [];
            degenerate::dependent_rows 1 [];
            degenerate::zero_row 1 [];
            degenerate::inconsistent_rows 1 [];
            degenerate::singular_hessian_consistent 1 [];
            degenerate::singular_hessian_inconsistent 1 [];
            degenerate::least_norm_primal 1 ["least_norm"];
            degenerate::least_norm_duals 1 ["least_norm"];
            scaling::scaled_hessian_up 1 [];
            scaling::scaled_hessian_down 1 [];
            scaling::scaled_rows_up 1 [];
            scaling::scaled_rows_down 1 [];
            scaling::scaled_right_hand_side 1 [];
            scaling::mixed_scales 1 [];
            contract::info 1 [];
            contract::wrong_lengths 1 [];
            contract::not_finite 1 [];
            contract::repeatable 1 [];
            contract::factors_are_independent 1 [];
            contract::across_threads 1 [];
            contract::refactorize_equals_fresh 1 ["refactorize"];
            contract::refactorize_other_pattern 1 ["refactorize"];
        }
    };
}

/// Makes the `#[test]` functions of one side; see [`conformance_forward!`](crate::conformance_forward).
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ([$assert:ident $module:ident [$solver:expr] [$config:expr]]
        $($group:ident :: $name:ident $since:literal $needs:tt;)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $name() {
                    $crate::$assert(&$solver, &$config, stringify!($name));
                }
            )*
            #[test]
            fn expected_skips_exist() {
                let names = [$(stringify!($name)),*];
                let config: $crate::Config = $config;
                let unknown: Vec<_> = config.expected_skips.iter().filter(|s| !names.contains(s)).collect();
                assert!(unknown.is_empty(), "the suite has no cases {unknown:?}");
            }
        }
    };
}

/// One `#[test]` per forward case for a solver (an expression of a type that implements
/// [`ForwardSolver`](bpqp_traits::ForwardSolver)) and a [`Config`](crate::Config), in the module
/// `conformance_forward`, or in one named as `conformance_forward!(mod name, solver, config)`.
#[macro_export]
macro_rules! conformance_forward {
    (mod $module:ident, $solver:expr, $config:expr $(,)?) => {
        $crate::__forward_cases! {
            [$crate::__conformance_tests] [assert_forward_case $module [$solver] [$config]]
        }
    };
    ($solver:expr, $config:expr $(,)?) => {
        $crate::conformance_forward!(mod conformance_forward, $solver, $config);
    };
}

/// One `#[test]` per backward case for a [`BackwardQpSolver`](bpqp_traits::BackwardQpSolver); as
/// [`conformance_forward!`](crate::conformance_forward).
#[macro_export]
macro_rules! conformance_backward {
    (mod $module:ident, $solver:expr, $config:expr $(,)?) => {
        $crate::__backward_cases! {
            [$crate::__conformance_tests] [assert_backward_case $module [$solver] [$config]]
        }
    };
    ($solver:expr, $config:expr $(,)?) => {
        $crate::conformance_backward!(mod conformance_backward, $solver, $config);
    };
}
