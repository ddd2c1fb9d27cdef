namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Conditions of which all must hold, or any: the comments of criteria, and further groups of them.</summary>
/// <param name="all">AND, not OR.</param>
internal sealed class OvalCriteria(bool all)
{
    public bool All => all;

    public List<string> Comments { get; } = [];

    public List<OvalCriteria> Groups { get; } = [];
}
