// Package appointment fills posts: a [Proposal] names a person for a seat; whoever
// may approve it issues the order by approving, and the register changes in the
// same step; [Letter] gives what stands in the printed letter of any order.
// Which seats are vacant, and since when, is [org.Vacancies].
//
// Who may: act propose, or approve, on the seat's organization. Proposals are seen
// by those who may propose or approve there and by whoever made them: not by the
// one proposed. Nobody proposes or approves themself, nor approves or refuses their
// own proposal.
package appointment
