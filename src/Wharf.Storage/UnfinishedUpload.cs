namespace Wharf.Storage;

/// <summary>An upload as its place lists it.</summary>
/// <param name="Key">The storage key that it would have.</param>
/// <param name="State">What <see cref="IBlobDriver.AbortAsync"/> takes to remove it; it resumes nothing.</param>
/// <param name="Modified">When bytes were last written to it, by the clock of the place.</param>
public readonly record struct UnfinishedUpload(string Key, byte[] State, DateTimeOffset Modified);
