namespace Wharf.Server.Recovery;

/// <summary>The first line of a file of the journal.</summary>
/// <param name="Life">Whose it is: a database that was recovered or restored has another one than before.</param>
/// <param name="From">The last event that the files before it have.</param>
/// <param name="To">The last event that this one has.</param>
internal sealed record JournalHeader(int Version, string Life, long Number, bool Snapshot, long From, long To, long AtMs)
{
    public const int CurrentVersion = 1;
}
