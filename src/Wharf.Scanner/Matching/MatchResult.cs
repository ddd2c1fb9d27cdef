namespace Wharf.Scanner.Matching;

/// <param name="Findings">What is affected, under investigation, not to be fixed or out of support; the worst first.</param>
/// <param name="Suppressed">What an advisory names and is none, each with its reason.</param>
/// <param name="Warnings">What a reader must know to read the rest: a distribution that no feed speaks of, or that is out of support.</param>
public sealed record MatchResult(IReadOnlyList<Finding> Findings, IReadOnlyList<Finding> Suppressed, IReadOnlyList<string> Warnings);
