/**
 * Shared schemas for the fields of the standard types. Schemas are immutable, so one of each kind is enough; creating one for
 * each field of a hundred types took a third of the catalog's import time.
 */
import * as z from "zod";

export const text: z.ZodString = z.string();
export const number: z.ZodNumber = z.number();
export const value: z.ZodUnknown = z.unknown();

export const optionalText: z.ZodOptional<z.ZodString> = text.optional();
export const optionalNumber: z.ZodOptional<z.ZodNumber> = number.optional();
export const optionalFlag: z.ZodOptional<z.ZodBoolean> = z.boolean().optional();
export const optionalValue: z.ZodOptional<z.ZodUnknown> = value.optional();
export const optionalTexts: z.ZodOptional<z.ZodArray<z.ZodString>> = z.array(text).optional();
export const optionalList: z.ZodOptional<z.ZodArray<z.ZodUnknown>> = z.array(value).optional();
export const optionalRecord: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodUnknown>> = z.record(text, value).optional();
