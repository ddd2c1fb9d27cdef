namespace Wharf.Server.Content;

/// <summary>
/// What a slice has to say about changes of content (contract 1): a quota, immutability, a hold. It says it in SQL, so that it is judged
/// inside the transaction of the change and costs no round trip. What SQL cannot say, such as a regular expression, is judged beforehand
/// on what the rule remembers, beside a requirement that this is still so.
/// </summary>
internal interface IChangeRule
{
    /// <summary>Adds what must hold for the change.</summary>
    /// <param name="anew">What the rule remembered was not so any more (<see cref="Refusal.RuleChanged"/>); it is to look again.</param>
    ValueTask AddAsync(Terms terms, Change change, bool anew, CancellationToken ct);

    /// <summary>What the caller should know after the change, in one line; null for nothing.</summary>
    ValueTask<string?> WarnAsync(Change change, CancellationToken ct) => new((string?)null);

    /// <summary>The refusal in words that need another look, for those of this rule; others are passed on as they are.</summary>
    ValueTask<Refusal> ExplainAsync(Refusal refusal, Change change, CancellationToken ct) => new(refusal);
}
