using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>All rules about changes of content.</summary>
internal sealed class ChangeRules(IEnumerable<IChangeRule> rules)
{
    /// <summary>A rule that changes at every attempt has somebody else to wait for.</summary>
    private const int MaxAttempts = 5;

    private readonly IChangeRule[] _rules = [.. rules];

    /// <summary>Makes a change on the terms of all rules, and once more when one of them changed meanwhile.</summary>
    /// <param name="make">Makes it, unless one of the terms is not met; null when it is made.</param>
    public async Task<Refusal?> ApplyAsync(Change change, Func<Terms, Task<Refusal?>> make, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var terms = new Terms();
            foreach (var rule in _rules)
                await rule.AddAsync(terms, change, anew: attempt > 1, ct);
            var refusal = await make(terms);
            if (refusal is null)
                return null;
            if (!ReferenceEquals(refusal, Refusal.RuleChanged) || attempt == MaxAttempts)
                return await ExplainAsync(refusal, change, ct);
        }
    }

    /// <summary>Whether bytes may begin to come, so that nobody sends for nothing what would be refused. Nothing is promised: the change itself is judged again.</summary>
    public async ValueTask<Refusal?> AdmitAsync(Database db, Change change, CancellationToken ct)
    {
        var terms = new Terms();
        foreach (var rule in _rules)
            await rule.AddAsync(terms, change, anew: false, ct);
        return await terms.CheckAsync(db, ct) is { } refusal ? await ExplainAsync(refusal, change, ct) : null;
    }

    /// <summary>What the pusher should know although the change was made; null for nothing.</summary>
    public async ValueTask<string?> WarnAsync(Change change, CancellationToken ct)
    {
        foreach (var rule in _rules)
            if (await rule.WarnAsync(change, ct) is { } warning)
                return warning;
        return null;
    }

    private async ValueTask<Refusal> ExplainAsync(Refusal refusal, Change change, CancellationToken ct)
    {
        foreach (var rule in _rules)
            refusal = await rule.ExplainAsync(refusal, change, ct);
        return refusal;
    }
}
